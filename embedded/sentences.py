"""Every sentence that provisioning says to a person, in one place."""

RUNNING = "A Temporal server runs at {address} (TEMPORAL_ADDRESS)."

MISSING_TEMPORAL = (
    "Milepost found no Temporal server{because}: set TEMPORAL_ADDRESS to a running server,"
    " or name the Temporal CLI in MILEPOST_TEMPORAL_CLI (or put `temporal` on the PATH),"
    " or install Go and open the network so that Milepost can download or build it."
)
MISSING_TEMPORAL_BINARY = (
    "Milepost found no Temporal CLI{because}, and this needs one of its own even where"
    " TEMPORAL_ADDRESS is set: name it in MILEPOST_TEMPORAL_CLI, or put `temporal` on the PATH,"
    " or install Go and open the network so that Milepost can download or build it."
)
MISSING_TEST_SERVER = (
    "Milepost found no time-skipping test server{because}: name its program in"
    " MILEPOST_TEST_SERVER, or open the network so that Temporal's SDK can download it,"
    " or install Maven with a Java development kit (11 or newer) so that Milepost can build it."
)
NOT_A_PROGRAM = "{variable} names {path}, which is not a program that can be run."

NO_GO = " (there is no Go to build it with)"
NO_JAVA = " (there is no {missing} to build it with)"
FAILED = " ({what} failed: {reason}; the whole output is in {log})"

DOWNLOADING = "Asking Temporal's SDK to download {what}"
BUILDING_TEMPORAL = "Building the Temporal CLI {version} with Go (once; 2 to 6 minutes on 2 cores)"
BUILDING_TEST_SERVER = "Fetching the time-skipping test server {version} with Maven (once)"
COMPILING_TEST_SERVER = "Compiling its loopback launcher (once)"
WAITING_FOR_LOCK = "Another Milepost is providing {what} already; waiting for it"
BUILT = "Done in {seconds:.0f} s: {path}"
TIMED_OUT = "it had not finished after {seconds:.0f} s"
EXITED = "exit code {code}"

"""Sets the clock of a Python process that a test starts while its own is set: ``tests.clock``.

Python imports this by its name from ``PYTHONPATH``, before anything else runs.
"""

import os
import time

import time_machine

time_machine.travel(time.time() + float(os.environ["MILEPOST_TESTS_AHEAD"])).start()

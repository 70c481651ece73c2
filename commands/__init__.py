"""The sub-commands of `milepost`: one file each."""

"""The checks of `milepost doctor`."""

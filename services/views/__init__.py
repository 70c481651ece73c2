"""What pages, API and command line show: one row type each."""

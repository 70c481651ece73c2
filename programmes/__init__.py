import zoneinfo

# Dates come from the locked package ``tzdata``, not from the machine's files. Otherwise an update
# of the machine could change what a running workflow decides when it is replayed.
zoneinfo.reset_tzpath(to=())

"""What `milepost upgrade` does: it finds out whether running workflows can follow this version."""

"""The public wall: some names of people who chose that everybody may see theirs, in no order that tells anything."""

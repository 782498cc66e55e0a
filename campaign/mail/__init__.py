"""Everything that leaves: the outbox, its delivery and its transports. It knows no feature and has no screens."""

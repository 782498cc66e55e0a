"""The organisers' overview and the outbox console; screens about one feature live in that feature."""

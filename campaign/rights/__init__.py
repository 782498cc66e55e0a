"""What we hold about a person, and how they see, change, take along and end it."""

"""What machines read: JSON about appeals, and whether this installation works."""

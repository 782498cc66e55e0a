"""An appeal: its words, its versions, its demands, its organisations, and the folders they come from."""

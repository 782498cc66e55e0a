"""An appeal: its texts in every language, its state, its demands and where they stand. It has no public page."""

"""News: what comes of an appeal, told to who asked for it, at most once a month."""

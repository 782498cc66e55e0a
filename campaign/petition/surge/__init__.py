"""Surge mode: what an appeal does without on the day that very many come, so that all of them can still sign."""

"""Signatures as files: exactly what signers allowed, and nothing a spreadsheet would run."""

"""Workers that die at a named line, a mail server that breaks off at any, and what must be true afterwards."""

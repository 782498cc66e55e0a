"""Defence that harms no honest person: what looks wrong waits for a look, and nobody is told or turned away."""

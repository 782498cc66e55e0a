"""The offices of the UN: mandates, who holds them when, where they can be written to and how."""

"""The offices of the UN human rights system: who holds them, when, at which address, and who checked that."""

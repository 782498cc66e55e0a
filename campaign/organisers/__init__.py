"""The people of the desk: their accounts, how they sign in, and the record of what they did."""

"""What signers say: sealed until an organiser has read it, public only then, and never where it could harm."""

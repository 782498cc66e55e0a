"""Mail that comes in: reports of what came back, complaints, automatic answers and replies, from three doors."""

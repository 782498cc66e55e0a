"""Letters of supporters to office holders: drafting, confirming, handing over to the outbox, and their true state."""

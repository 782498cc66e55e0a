"""The public page of an appeal and its signatures: signing, confirming, counting."""

"""The Celery app, for ``celery -A worker worker`` and ``celery -A worker beat``."""

from campaign import create_app

celery = create_app().extensions["celery"]

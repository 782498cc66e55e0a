"""The Celery app, for ``celery -A worker worker``; one of several workers has ``--clock``."""

from campaign import create_app
from campaign.running import logging

logging.begin()
celery = create_app().extensions["celery"]

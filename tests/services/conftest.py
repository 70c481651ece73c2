"""The application of the API's tests, on the same filled database."""

from tests.api.conftest import app as app
from tests.api.conftest import calling as calling
from tests.api.conftest import database as database
from tests.api.conftest import filled as filled

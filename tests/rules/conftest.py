"""The organisation that the flows' tests have, for whole runs, and copies of the example to break."""

from tests.config.conftest import copy as copy
from tests.flows.conftest import day_one as day_one
from tests.flows.conftest import day_two as day_two
from tests.flows.conftest import first_morning as first_morning
from tests.flows.conftest import second_morning as second_morning
from tests.flows.conftest import stage as stage
from tests.flows.conftest import world as world

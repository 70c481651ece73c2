"""Pure: the definition of a programme, its calendar, its deadlines and the planner."""

"""Who does what when, and will it fit: plan × people × calendars become a schedule, a forecast, a verdict.

`projects` makes a project (numbers only) of a plan, `solve` finds a schedule for it, `checker` says what is wrong with one,
whoever made it. All is pure, except that the search may use several processes.
"""

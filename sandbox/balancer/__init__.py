"""Application load balancers: the listeners, rules and target groups of the account, as a reverse proxy."""

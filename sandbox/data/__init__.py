"""What listens behind the RDS and ElastiCache endpoints: real PostgreSQL and real Redis."""

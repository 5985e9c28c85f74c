"""ECS as local processes: task definitions become children, services keep their number and roll them over."""

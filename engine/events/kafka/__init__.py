"""Events to Kafka: the topics, who the engine is to brokers, and the sink."""

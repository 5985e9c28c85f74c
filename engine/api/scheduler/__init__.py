"""The protocol of Amazon EventBridge Scheduler, for targets that are state machines."""

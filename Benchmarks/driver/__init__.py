"""What `Benchmarks/bench` is made of: the machine, the services it measures, the loads, the report."""

FETCH 2000 FROM export_keys

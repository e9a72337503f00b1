config = {server = {port = 80}}
print(config.server.port, config.client.port)

# The local stack. A variable on the command line reaches the script by itself.
run: ## build, load and start everything; PORT= (8080) DATA=path LISTEN= (127.0.0.1)
	@ops/local/up

stop: ## stop it, leaving no process
	@ops/local/stop

status: ## services, address, model
	@ops/local/status

logs: ## follow the logs; SERVICE=track for one
	@ops/local/logs

reset: ## stop and delete all local data; asks, YES=1 does not
	@ops/local/reset

deps: ## install what is missing to build and run
	@ops/local/install build run

.PHONY: run stop status logs reset deps

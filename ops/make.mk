# The local stack. Variables of `make run`: PORT (8080), DATA, LISTEN (127.0.0.1),
# and every KITH_ setting; the sizes stand in ops/local/env.sh.
run: ## build, start and load everything; PORT= DATA=path LISTEN=
	@+MAKE='$(MAKE)' PORT='$(PORT)' DATA='$(DATA)' ops/local/up

stop: ## stop it, leaving no process
	@ops/local/stop

status: ## services, address, model
	@ops/local/status

logs: ## follow the logs; SERVICE=track for one
	@SERVICE='$(SERVICE)' ops/local/logs

reset: ## stop and delete all local data; asks, YES=1 does not
	@YES='$(YES)' ops/local/reset

deps: ## install what is missing to build and run
	@ops/local/install build run

.PHONY: run stop status logs reset deps

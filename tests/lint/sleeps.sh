#!/bin/sh
# No browser test waits for a fixed time: what it waits for has a sign.
set -eu
! grep -rnE --include='*.ts' --exclude-dir=node_modules \
    'waitForTimeout|setTimeout\((resolve|done|r)\b|timers/promises' e2e

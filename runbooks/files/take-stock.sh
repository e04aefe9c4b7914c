#!/bin/sh
# Writes down what a server says about itself: its name and model (given), kernel, firmware and power.
set -eu
{
    echo "server   $1"
    echo "model    $2"
    echo "kernel   $(uname -r)"
    echo "firmware $(fwtool --version)"
    echo "power    $(powerctl status)"
} >/var/tmp/stock.txt.new
mv /var/tmp/stock.txt.new /var/tmp/stock.txt
cat /var/tmp/stock.txt

#!/bin/sh
# Writes down in stock.txt what a server says about itself: its name and model (given), kernel, firmware and power.
set -eu
{
    echo "server   $1"
    echo "model    $2"
    echo "kernel   $(uname -r)"
    echo "firmware $(fwtool --version)"
    echo "power    $(powerctl status)"
} >stock.txt.new
mv stock.txt.new stock.txt
cat stock.txt

#!/bin/sh
# Writes down in stock.txt what a server says about itself: its name and model (given), kernel and firmware.
set -eu
{
    echo "server   $1"
    echo "model    $2"
    echo "kernel   $(uname -r)"
    echo "firmware $(fwtool --version)"
} >stock.txt.new
mv stock.txt.new stock.txt
cat stock.txt

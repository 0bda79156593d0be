#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Publishes the news, unless there are news already.
# Safe: the file is written where only we may write, and gets its public name with link(2), which
# fails if the name is taken, by whatever, and follows nothing.
# CWE-367 avoided. 0777: silent. 1777: silent.
echo "nothing new" >home/draft || exit 1
ln -T home/draft shared/news
done=$?
rm home/draft
exit $done

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The outer address changes while another program has one of our ports there,
# and while the inner network, whose address is given, is without it.
. "${srcdir:-.}/tests/net/lib.sh"

NEW=198.51.100.5

# listeners ADDRESS PORT: how many of them the program holds, UDP and TCP.
listeners()
{
	netns edge ss -Hlnutp "src $1" 2>/dev/null | grep sallyport |
		grep -c ":$2 "
}
has() { [ "$(listeners "$1" "$2")" = "$3" ]; }
registrations() { grep -c '^registration ' "$NET_WORK/provider.out"; }
told() { grep -a -c -E -e "$1" "$NET_WORK/sallyport.out"; }

need ss
net_begin
net_world
CONF_NETWORKS='lan: { address = "192.168.77.1"; rtp_ports = "20000-20099"; };
	wan: { interface = "wan0"; sip_ports = [ 5080 ];
	       rtp_ports = "30000-30099"; };'
provider provider $PROVIDER -k 442079460101:hush
trunk acme $PROVIDER 'register: { user = "442079460101"; };
username = "442079460101"; password = "hush";'
configure
# One password stands in a file of its own.
SECRET="$NET_WORK/103.secret"
sed -i 's|password = "secret-103"|password_file = "103.secret"|' \
	"$NET_WORK/sallyport.conf"
printf 'secret-103\n' >"$SECRET"
chmod 600 "$SECRET"

fake early edge -l $WAN_EDGE:5080 -p $PROVIDER:5060
netns edge timeout 10 "$NET_BUILD/sallyport" -F -f "$NET_WORK/sallyport.conf" \
	>"$NET_WORK/taken.out" 2>&1
promise "a further port that is taken at the start: it does not start" [ $? = 1 ]
promise "and the key is named that it stands in" \
	said taken "cannot listen on $WAN_EDGE:5080 udp .*sip_ports"
dismiss early

sallyport_start
promise "we register" await provider '^authenticated REGISTER'
promise "both ports are listened on" \
	eval 'has $WAN_EDGE 5060 2 && has $WAN_EDGE 5080 2'
phone phone 101 $PHONE1
promise "a phone registers" register phone
tell phone call 05551234
promise "a call is up" heard_both phone provider 1

# Somebody is there before us: the address comes with his port taken.
netns edge ip addr add $NEW/32 dev lo
fake squatter edge -l $NEW:5080 -p $PROVIDER:5060
netns edge ip addr del $NEW/32 dev lo
netns edge ip addr del $WAN_EDGE/29 dev wan0
netns edge ip addr add $NEW/29 dev wan0
netns edge ip route replace default via $WAN_ROUTER
promise "in mid-call the address changes" \
	status "event=address-changed network=wan address=.*$NEW"
promise "it listens there at the port that is free" within 2 has $NEW 5060 2
promise "we register there" \
	within 5 grep -q "^registration .*$NEW" "$NET_WORK/provider.out"
promise "the other one is told, with its key" \
	within 3 logged "cannot listen on $NEW:5080 .*sip_ports.*tried again"
before=$(registrations)
# Two rounds of trying again, while the configuration could not be read.
mv "$SECRET" "$SECRET.away"
sleep 5
mv "$SECRET.away" "$SECRET"
promise "it is told once" [ "$(told 'cannot listen on')" = 1 ]
promise "no other address is looked for" [ "$(told '103\.secret')" = 0 ]
promise "so is the new address" \
	[ "$(grep -c "address-changed network=wan" "$NET_WORK/status.log")" = 1 ]
promise "nobody is registered anew for it" [ "$(registrations)" = "$before" ]
dismiss squatter
promise "the port is taken when it is free, in mid-call" within 4 has $NEW 5080 2
promise "and that is told" within 3 logged 'network wan is listened on as it should'
# The filter of the new listener lets the trunk in.
fake knock wan -l $PROVIDER:5090 -p $NEW:5080 -d $NEW:5080 -u 5551234 -r 10900
tell knock call +442079460101
promise "what comes there is heard" \
	await knock '^(trying|ringing|refused|answered)'
dismiss knock
tell phone hangup
promise "the call ends" await phone '^ended' 5
promise "when all is quiet it is opened anew" \
	within 70 has $WAN_EDGE 5060 0
promise "with both ports" within 4 has $NEW 5080 2

# The inner line is down; the outer address changes.
netns edge ip addr del $LAN_EDGE/24 dev lan0
netns edge ip addr del $NEW/29 dev wan0
netns edge ip addr add $WAN_EDGE/29 dev wan0
netns edge ip route replace default via $WAN_ROUTER
promise "an address that is missing elsewhere does not hold it" \
	status "event=address-changed network=wan address=.*$WAN_EDGE"
promise "it listens there" within 2 has $WAN_EDGE 5060 2
promise "and there is no complaint" never logged 'no address of this host'
netns edge ip addr add $LAN_EDGE/24 dev lan0
dismiss provider
provider again $PROVIDER
tell phone call 05551234
promise "when the line is back its phones call as before" \
	await phone '^answered' 5 2
net_end

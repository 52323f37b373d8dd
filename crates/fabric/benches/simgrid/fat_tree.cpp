// The traffic of a file over a three-tier fat tree of SimGrid, all flows at once.
//
//   fat_tree LEAF POD PODS TRAFFIC
//
// LEAF endpoints on a leaf, POD leaves in a pod, PODS pods, no oversubscription; links of 50 GB/s. Latency of a
// link 0.5 us, as in flow_simulation.rs. TRAFFIC has lines "flow from=A to=B bytes=NB". Routing is D-mod-k,
// the only one of SimGrid's fat trees. TCP's window, protocol overhead and unfairness by latency are
// switched off: what is left is the plain max-min model.

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <tuple>
#include <vector>

#include <simgrid/s4u.hpp>

namespace sg4 = simgrid::s4u;

static double cpu_seconds() {
  rusage r;
  getrusage(RUSAGE_SELF, &r);
  return r.ru_utime.tv_sec + r.ru_stime.tv_sec + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1e-6;
}

static double peak_megabytes() {
  rusage r;
  getrusage(RUSAGE_SELF, &r);
  return r.ru_maxrss * 1024.0 / 1e6;
}

int main(int argc, char** argv) {
  sg4::Engine engine(&argc, argv);
  if (argc != 5) {
    std::fprintf(stderr, "usage: fat_tree LEAF POD PODS TRAFFIC\n");
    return 2;
  }
  sg4::Engine::set_config("network/model:CM02");
  sg4::Engine::set_config("network/TCP-gamma:0");
  sg4::Engine::set_config("network/bandwidth-factor:1");
  sg4::Engine::set_config("network/latency-factor:1");
  sg4::Engine::set_config("network/weight-S:0");
  sg4::Engine::set_config("network/crosstraffic:0");
  sg4::Engine::set_config("network/loopback-lat:0");
  sg4::Engine::set_config("contexts/nthreads:1");
  const unsigned leaf = std::strtoul(argv[1], nullptr, 10);
  const unsigned pod  = std::strtoul(argv[2], nullptr, 10);
  const unsigned pods = std::strtoul(argv[3], nullptr, 10);

  const double start = cpu_seconds();
  std::vector<sg4::Host*> hosts(static_cast<size_t>(leaf) * pod * pods);
  auto make_host = [&hosts](sg4::NetZone* zone, const std::vector<unsigned long>&, unsigned long id) {
    sg4::Host* host = zone->create_host("h" + std::to_string(id), "1Gf");
    hosts[id]       = host;
    return std::make_pair(host->get_netpoint(), static_cast<simgrid::kernel::routing::NetPoint*>(nullptr));
  };
  sg4::create_fatTree_zone("tree", nullptr, {3, {leaf, pod, pods}, {1, leaf, pod}, {1, 1, 1}},
                           sg4::ClusterCallbacks(make_host), 50e9, 0.5e-6, sg4::Link::SharingPolicy::SPLITDUPLEX)
      ->seal();

  std::vector<std::tuple<unsigned, unsigned, double>> flows;
  std::ifstream file(argv[4]);
  for (std::string line; std::getline(file, line);) {
    unsigned from, to;
    double bytes;
    if (std::sscanf(line.c_str(), "flow from=%u to=%u bytes=%lfB", &from, &to, &bytes) == 3 && from != to)
      flows.emplace_back(from, to, bytes);
  }
  const double built = cpu_seconds();

  sg4::Actor::create("all", hosts[0], [&] {
    std::vector<sg4::CommPtr> comms;
    comms.reserve(flows.size());
    for (auto const& [from, to, bytes] : flows)
      comms.push_back(sg4::Comm::sendto_async(hosts[from], hosts[to], static_cast<uint64_t>(bytes)));
    sg4::Comm::wait_all(comms);
  });
  engine.run();
  const double done = cpu_seconds();
  std::printf("SimGrid   makespan %.9f s   CPU: build %.2f s + run %.2f s = %.2f s   peak %.0f MB\n",
              sg4::Engine::get_clock(), built - start, done - built, done - start, peak_megabytes());
  return 0;
}

// How many processors the control groups of this process leave it.
#pragma once

#include <string>

namespace lanewise {

// The smallest quota on the way from this process's group up to the root, in
// processors, for version 2 and version 1; infinity where there is none.
// `groups` lists the groups as /proc/self/cgroup does, `root` is where they are mounted.
double cgroup_processors(const std::string& groups = "/proc/self/cgroup",
                         const std::string& root = "/sys/fs/cgroup");

}  // namespace lanewise

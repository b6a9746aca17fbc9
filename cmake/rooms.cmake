# A room is a folder with one library, one test binary and one benchmark binary.
# Files are gathered by name, so that adding one needs no edit here:
#   *_test.cc -> <room>_tests    *_bench.cc -> <room>_bench    other *.cc -> lanewise_<room>

# Splits the .cc files below the current folder into ${prefix}_SOURCES, _TESTS, _BENCHES.
macro(lanewise_gather prefix)
  file(GLOB_RECURSE ${prefix}_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(${prefix}_TESTS ${${prefix}_SOURCES})
  set(${prefix}_BENCHES ${${prefix}_SOURCES})
  list(FILTER ${prefix}_TESTS INCLUDE REGEX "_test\\.cc$")
  list(FILTER ${prefix}_BENCHES INCLUDE REGEX "_bench\\.cc$")
  list(FILTER ${prefix}_SOURCES EXCLUDE REGEX "_(test|bench)\\.cc$")
endmacro()

# What calls the rooms, rather than one of them, is built without UBSan: so it takes two thirds of the time.
function(lanewise_outside_of_rooms target)
  if(LANEWISE_SANITIZE MATCHES undefined)
    target_compile_options(${target} PRIVATE -fno-sanitize=undefined)
  endif()
endfunction()

# lanewise_tests(NAME LABELS a;b LIBS l... SOURCES f... AWKWARD V=x...): a GoogleTest binary and its
# ctest entry, and one more entry (label: awkward) under each setting of AWKWARD.
function(lanewise_tests name)
  cmake_parse_arguments(ARG "" "" "LABELS;LIBS;SOURCES;AWKWARD" ${ARGN})
  if(NOT LANEWISE_TESTS OR NOT ARG_SOURCES)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} fmt::fmt GTest::gmock_main)
  # What takes long in a test is what it tests.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-Og>)
  lanewise_outside_of_rooms(${name})
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set(environment "LANEWISE_CLI=${CMAKE_BINARY_DIR}/bin/lanewise")
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 600
    ENVIRONMENT "${environment}")
  foreach(setting ${ARG_AWKWARD})
    string(REPLACE "LANEWISE_" "" short ${setting})
    set(test ${name}@${short})
    add_test(NAME ${test} COMMAND ${name} --gtest_brief=1 WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${test} PROPERTIES LABELS "awkward" TIMEOUT 600
      ENVIRONMENT "${environment};${setting}")
  endforeach()
endfunction()

# lanewise_benches(NAME LIBS l... SOURCES f...): a Google Benchmark binary, built by `benches` only.
function(lanewise_benches name)
  cmake_parse_arguments(ARG "" "" "LIBS;SOURCES" ${ARGN})
  if(NOT LANEWISE_BENCHES OR NOT ARG_SOURCES)
    return()
  endif()
  add_executable(${name} EXCLUDE_FROM_ALL ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} fmt::fmt benchmark::benchmark_main)
  add_dependencies(benches ${name})
endfunction()

# lanewise_room(NAME KIND label ROOMS below... LIBS external... AWKWARD setting...)
function(lanewise_room room)
  cmake_parse_arguments(ARG "" "KIND" "ROOMS;LIBS;AWKWARD" ${ARGN})
  lanewise_gather(ROOM)
  list(TRANSFORM ARG_ROOMS PREPEND lanewise_)
  set(target lanewise_${room})
  set(includes $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
  set(internal $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/src>)
  if(ROOM_SOURCES)
    add_library(${target} STATIC ${ROOM_SOURCES})
    target_include_directories(${target} PUBLIC ${includes} ${internal})
    target_link_libraries(${target} PUBLIC ${ARG_ROOMS} PRIVATE ${ARG_LIBS})
  else()  # nothing to compile (yet)
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${includes} ${internal})
    target_link_libraries(${target} INTERFACE ${ARG_ROOMS})
  endif()
  set_property(GLOBAL APPEND PROPERTY LANEWISE_ROOMS ${target})
  lanewise_tests(${room}_tests LABELS ${ARG_KIND} ${room} LIBS ${target} ${ARG_LIBS}
                 SOURCES ${ROOM_TESTS} AWKWARD ${ARG_AWKWARD})
  lanewise_benches(${room}_bench LIBS ${target} ${ARG_LIBS} SOURCES ${ROOM_BENCHES})
endfunction()

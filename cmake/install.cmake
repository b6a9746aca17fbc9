# find_package(lanewise) gives lanewise::lanewise.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(rooms GLOBAL PROPERTY LANEWISE_ROOMS)
install(TARGETS lanewise ${rooms} EXPORT lanewise-targets)
install(DIRECTORY include/lanewise DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET lanewise_cli)
  install(TARGETS lanewise_cli)
endif()

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/lanewise)
install(EXPORT lanewise-targets NAMESPACE lanewise:: DESTINATION ${config_dir})
configure_package_config_file(cmake/lanewise-config.cmake.in
  ${CMAKE_BINARY_DIR}/generated/lanewise-config.cmake INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/generated/lanewise-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/generated/lanewise-config.cmake
  ${CMAKE_BINARY_DIR}/generated/lanewise-config-version.cmake DESTINATION ${config_dir})
